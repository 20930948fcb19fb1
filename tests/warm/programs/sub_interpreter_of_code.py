import code, runpy
code.InteractiveInterpreter().runsource("print(__name__)")
print(sorted(runpy.run_path(__file__, run_name="other"))) if __name__ == "__main__" else print("again")
